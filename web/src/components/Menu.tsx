import { Check, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

import { IconButton } from "./Button";

export interface MenuItem {
  label: string;
  icon?: LucideIcon;
  onSelect: () => void;
  danger?: boolean;
  checked?: boolean;
}

interface MenuProps {
  /** What the button is called. */
  label: string;
  icon: LucideIcon;
  items?: readonly MenuItem[];
  /** Instead of `items`: several lists, each under its name. */
  groups?: readonly MenuGroup[];
  className?: string;
  /** Above the button rather than below. */
  up?: boolean;
}

export interface MenuGroup {
  label: string;
  items: readonly MenuItem[];
}

/** A button that opens a list of actions; arrows, Home, End and Esc as in a desktop menu. */
export function Menu({ label, icon, items = [], groups, className = "", up = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const away = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    event.stopPropagation();
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const now = all.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowDown: (now + 1) % all.length,
      ArrowUp: (now - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[to]?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") setOpen(false);
  };

  return (
    <div ref={root} className={`relative ${className}`} onKeyDown={onKeyDown}>
      <IconButton
        ref={button}
        icon={icon}
        label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div
          role="menu"
          aria-label={label}
          className={`absolute right-0 z-50 max-h-[70dvh] min-w-52 overflow-y-auto ${up ? "bottom-full mb-1" : "mt-1"} animate-rise rounded-xl border border-line bg-raised p-1 shadow-float`}
        >
          {(groups ?? [{ label: "", items }]).map((group) => (
            <div
              key={group.label}
              role="group"
              aria-label={group.label || undefined}
              className="not-first:mt-1 not-first:border-t not-first:border-line not-first:pt-1"
            >
              {group.label && (
                <p aria-hidden="true" className="px-3 pt-1.5 pb-0.5 text-xs text-ink-faint">
                  {group.label}
                </p>
              )}
              {group.items.map((item) => (
                <Item
                  key={item.label}
                  item={item}
                  onSelect={() => {
                    close();
                    item.onSelect();
                  }}
                />
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Item({ item, onSelect }: { item: MenuItem; onSelect: () => void }) {
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={item.checked}
      tabIndex={-1}
      className={`flex w-full items-center gap-3 rounded-lg px-3 py-2 text-left text-sm hover:bg-hover focus:bg-hover focus:outline-none ${item.danger ? "text-danger" : ""} ${item.checked ? "font-semibold text-accent" : ""}`}
      onClick={onSelect}
    >
      {item.icon ? (
        <item.icon size={16} aria-hidden="true" className="shrink-0" />
      ) : (
        <Check size={16} aria-hidden="true" className={`shrink-0 ${item.checked ? "" : "invisible"}`} />
      )}
      {item.label}
    </button>
  );
}
