import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { answered, client } from "@/api/client";
import type { Face } from "@/api/types";
import { paths } from "@/app/navigation";
import { s } from "@/strings";

/** The faces of a photo. */
export function useFaces(id: number, enabled = true) {
  return useQuery({
    queryKey: ["faces", id],
    queryFn: () => answered(client.GET("/api/v1/images/{image_id}/faces", { params: { path: { image_id: id } } })),
    enabled,
    select: ({ faces }) => faces.filter((face) => !face.ignored),
  });
}

const called = ({ person_name: name, age }: Face) => (name ?? s.viewer.unnamed) + (age === null ? "" : `, ${age}`);

const percent = (part: number) => `${part * 100}%`;

/** Frames around the faces, with names; they lie over the picture and are zoomed with it. */
export function FaceFrames({ id }: { id: number }) {
  const { data: faces } = useFaces(id);
  return faces?.map((face) => (
    <div
      key={face.id}
      className="absolute rounded-md border-2 border-white/90 shadow-[0_0_0_1px_rgb(0_0_0/0.5)]"
      style={{
        left: percent(face.box.left),
        top: percent(face.box.top),
        width: percent(face.box.width),
        height: percent(face.box.height),
      }}
    >
      {face.person_id !== null && (
        <Link
          href={paths.person(face.person_id)}
          className="absolute top-full left-1/2 mt-1 -translate-x-1/2 rounded-md bg-black/75 px-1.5 py-0.5 text-xs whitespace-nowrap text-white"
        >
          {called(face)}
        </Link>
      )}
    </div>
  ));
}

/** Who is on the photo; nothing where no face was found. */
export function PeopleOf({ id }: { id: number }) {
  const { data: faces } = useFaces(id);
  if (!faces || faces.length === 0) return null;
  return (
    <section>
      <h3 className="mb-2 text-sm font-medium">{s.nav.people}</h3>
      <ul className="flex flex-wrap gap-3">
        {faces.map((face) => {
          const picture = (
            <>
              <img src={face.thumbnail_url} alt="" className="mx-auto size-14 rounded-full bg-hover object-cover" />
              <span className="mt-1 block truncate text-xs">{called(face)}</span>
            </>
          );
          return (
            <li key={face.id} className="w-16 text-center">
              {face.person_id === null ? (
                picture
              ) : (
                <Link href={paths.person(face.person_id)} className="block hover:underline">
                  {picture}
                </Link>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
