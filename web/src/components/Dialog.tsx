import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";

import { IconButton } from "./Button";
import { s } from "@/strings";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Buttons at the lower edge. */
  actions?: ReactNode;
  /** Room for more than a few lines. */
  wide?: boolean;
}

/** A modal dialog: the browser keeps the focus inside, closes on Esc and gives the focus back. */
export function Dialog({ title, onClose, children, actions, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // The browser would begin at the button that closes; what one came for is a field, where there is one.
      dialog.querySelector<HTMLElement>("input:not([type=hidden]), textarea, select")?.focus();
    }
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      className="animate-rise rounded-2xl border border-line bg-raised p-0 text-ink shadow-float"
      style={{ width: `min(100vw - 2rem, ${wide ? "44rem" : "28rem"})` }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="flex max-h-[85dvh] flex-col">
        <div className="flex items-center justify-between gap-2 py-2 pr-2 pl-5">
          <h2 id={heading} className="text-base font-semibold">
            {title}
          </h2>
          <IconButton icon={X} label={s.common.close} onClick={onClose} />
        </div>
        <div className="min-h-0 overflow-y-auto px-5 pb-4">{children}</div>
        {actions && <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{actions}</div>}
      </div>
    </dialog>
  );
}
