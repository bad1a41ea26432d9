import { UserRound } from "lucide-react";

/** A face in a circle. */
export function Portrait({ url, className = "" }: { url: string | null; className?: string }) {
  return (
    <span className={`flex items-center justify-center overflow-hidden rounded-full bg-hover ${className}`}>
      {url === null ? (
        <UserRound size="40%" className="text-ink-faint" aria-hidden="true" />
      ) : (
        <img src={url} alt="" loading="lazy" decoding="async" draggable={false} className="size-full object-cover" />
      )}
    </span>
  );
}
