/** Saving files. */
import { client } from "@/api/client";
import type { ImageBrief } from "@/api/types";
import type { Question } from "@/state/results";
import { ApiError } from "@/api/errors";

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

export function downloadOriginal(image: Pick<ImageBrief, "original_url" | "name">): void {
  save(`${image.original_url}&download=true`, image.name);
}

export type ExportFormat = "json" | "csv" | "zip";

/** Ask for an export and save it. The whole answer is held in memory by the browser. */
export async function downloadExport(
  question: Question,
  format: ExportFormat,
  pictures: "originals" | "previews",
  limit: number,
): Promise<void> {
  const { data, error, response } = await client.POST("/api/v1/search/export", {
    body: { ...question, format, pictures, limit },
    parseAs: "blob",
  });
  if (!response.ok || data === undefined) throw new ApiError(response.status, error);
  const url = URL.createObjectURL(data);
  save(url, `smartsearch.${format}`);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
