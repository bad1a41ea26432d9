/** Images from outside that were searched by: kept by the browser, so that back and reload still have them. */
import { answered, client } from "@/api/client";
import type { Filters } from "@/api/types";
import { BLOCK, type AskFirst, type Question } from "@/state/results";

const CACHE = "examples";
const KEPT = 20;

/** Keep an image and name it. The same image gets the same name. */
export async function keepExample(image: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await image.arrayBuffer());
  const name = [...new Uint8Array(digest).slice(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const cache = await caches.open(CACHE);
  await cache.put(`/examples/${name}`, new Response(image, { headers: { "content-type": image.type } }));
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, -KEPT).map((oldest) => cache.delete(oldest)));
  return name;
}

/** The image of that name; null when it is no longer here, or was never on this machine. */
export async function findExample(name: string): Promise<Blob | null> {
  const found = await (await caches.open(CACHE)).match(`/examples/${name}`);
  return found ? found.blob() : null;
}

export class ExampleGone extends Error {}

export function askingByExample(name: string, question: Question): AskFirst {
  return async () => {
    const image = await findExample(name);
    if (!image) throw new ExampleGone();
    return answered(
      client.POST("/api/v1/search/image", {
        body: {
          file: "", // written by the serializer
          top_k: BLOCK,
          filters: JSON.stringify(question.filters ?? ({} satisfies Filters)),
        },
        bodySerializer: (body) => {
          const form = new FormData();
          form.append("file", image, "example");
          form.append("top_k", String(body.top_k));
          form.append("filters", body.filters ?? "{}");
          if (question.query) form.append("query", question.query);
          if (question.image_weight !== undefined) form.append("image_weight", String(question.image_weight));
          if (question.min_score !== undefined && question.min_score !== null)
            form.append("min_score", String(question.min_score));
          return form;
        },
      }),
    );
  };
}

/** The first image of what was dropped or pasted. */
export function imageIn(data: DataTransfer | null): File | null {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith("image/") || file.type === "") ?? null;
}
