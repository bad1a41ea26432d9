import { describe, expect, it } from "vitest";

import { canBeSaved, savedQuery } from "./savedQuery";
import { NOTHING } from "./searchState";

const names = { album: (id: number) => `Album ${id}`, person: (id: number) => `Anna ${id}` };

describe("a search written down", () => {
  it("is the words and every filter beside them", () => {
    const state = {
      ...NOTHING,
      q: "dog -people",
      after: "2019",
      before: "2021-06",
      format: ["jpeg", "heif"],
      folder: ["/home/a/My photos", "/b"],
      person: ["7"],
      tag: ["animal/dog", "at home"],
      album: 3,
      color: "#1e90ff",
      rating: 4,
      min_size: 2000000,
      position: true,
      text: true,
    };
    expect(savedQuery(state, names)).toBe(
      'dog -people date:2019..2021-06 type:"jpeg,heif" (folder:"/home/a/My photos" OR folder:/b) person:"Anna 7" ' +
        'tag:animal/dog tag:"at home" album:"Album 3" color:#1e90ff rating:>=4 size:2000000B.. has:gps has:text',
    );
  });

  it("keeps alternatives together", () => {
    expect(savedQuery({ ...NOTHING, q: "cat OR dog", rating: 5 }, names)).toBe("(cat OR dog) rating:>=5");
    expect(savedQuery({ ...NOTHING, q: "cat" }, names)).toBe("cat");
    expect(savedQuery({ ...NOTHING, place: ["Spain"], region: ["Bavaria, Germany"] }, names)).toBe(
      '(near:Spain OR region:"Bavaria, Germany")',
    );
  });

  it("cannot hold an example image or a box on the map", () => {
    expect(canBeSaved({ ...NOTHING, q: "cat" })).toBe(true);
    expect(canBeSaved({ ...NOTHING, like: 3 })).toBe(false);
    expect(canBeSaved({ ...NOTHING, box: [1, 2, 3, 4] })).toBe(false);
  });
});
