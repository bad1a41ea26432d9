import { X } from "lucide-react";
import { createPortal } from "react-dom";

import { Button, IconButton } from "./Button";
import { dismissToast, useToasts } from "@/state/toasts";
import { s } from "@/strings";

export function Toasts() {
  const toasts = useToasts();
  // Outside the page's root, which is out of reach while the viewer is open.
  return createPortal(
    <div
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-[60] flex flex-col items-center gap-2 px-4 md:bottom-6"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className={`pointer-events-auto flex max-w-full animate-rise items-center gap-2 rounded-xl border py-1 pr-1 pl-4 text-sm shadow-float ${toast.tone === "danger" ? "border-danger/30 bg-danger-soft text-danger" : "border-line bg-raised text-ink"}`}
        >
          <span className="py-1.5">{toast.text}</span>
          {toast.undo && (
            <Button
              look="quiet"
              className="text-accent"
              onClick={() => {
                toast.undo?.();
                dismissToast(toast.id);
              }}
            >
              {s.common.undo}
            </Button>
          )}
          <IconButton icon={X} label={s.common.dismiss} onClick={() => dismissToast(toast.id)} />
        </div>
      ))}
    </div>,
    document.body,
  );
}
