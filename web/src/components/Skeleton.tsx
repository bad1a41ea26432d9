import { s } from "@/strings";

/** A grey place where something will be. Give it its size by `className`. */
export function Skeleton({ className = "" }: { className?: string }) {
  return <div aria-hidden="true" className={`animate-pulse-soft rounded-md bg-hover ${className}`} />;
}

/** A few lines of text to come. */
export function SkeletonLines({ lines = 3 }: { lines?: number }) {
  return (
    <div role="status" className="space-y-2">
      <span className="sr-only">{s.common.loading}</span>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} className={`h-4 ${index % 3 === 2 ? "w-1/2" : "w-full"}`} />
      ))}
    </div>
  );
}
