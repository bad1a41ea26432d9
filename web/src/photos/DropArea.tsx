import { ImagePlus } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { toast } from "@/state/toasts";
import { s } from "@/strings";
import { imageIn } from "./example";

/** An image dropped or pasted anywhere on the page is searched by. */
export function DropArea({ onImage, children }: { onImage: (image: File) => void; children: ReactNode }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const take = (data: DataTransfer | null) => {
      const image = imageIn(data);
      if (image) onImage(image);
      else if (data && data.files.length > 0) toast(s.search.noImage);
    };
    const onDragOver = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      setOver(false);
      if (!hasFile(event)) return;
      event.preventDefault();
      take(event.dataTransfer);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (event.clipboardData && event.clipboardData.files.length > 0) {
        event.preventDefault();
        take(event.clipboardData);
      }
    };
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("dragleave", onDragLeave);
    document.addEventListener("drop", onDrop);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("dragover", onDragOver);
      document.removeEventListener("dragleave", onDragLeave);
      document.removeEventListener("drop", onDrop);
      document.removeEventListener("paste", onPaste);
    };
  }, [onImage]);
  return (
    <>
      {children}
      {over && (
        <div className="pointer-events-none fixed inset-3 z-50 flex animate-rise flex-col items-center justify-center gap-3 rounded-3xl border-3 border-dashed border-accent bg-canvas/85 text-lg font-semibold text-accent">
          <ImagePlus size={40} aria-hidden="true" />
          {s.search.drop}
        </div>
      )}
    </>
  );
}
