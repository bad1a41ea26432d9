import { X, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { s } from "@/strings";

interface ChipProps {
  icon?: LucideIcon;
  /** In words, for the button that removes it. */
  label: string;
  children?: ReactNode;
  onRemove: () => void;
  tone?: "plain" | "accent" | "warn";
}

const TONES = {
  plain: "border-line bg-surface text-ink",
  accent: "border-transparent bg-accent-soft text-accent",
  warn: "border-warn/40 bg-transparent text-warn",
};

/** A part of what is searched for, which can be taken away. */
export function Chip({ icon: Icon, label, children, onRemove, tone = "plain" }: ChipProps) {
  return (
    <span
      className={`inline-flex max-w-72 items-center gap-1.5 rounded-full border py-0.5 pr-0.5 pl-2.5 text-sm ${TONES[tone]}`}
    >
      {Icon && <Icon size={14} aria-hidden="true" className="shrink-0" />}
      <span className="truncate">{children ?? label}</span>
      <button
        type="button"
        aria-label={s.common.remove(label)}
        title={s.common.remove(label)}
        onClick={onRemove}
        className="inline-flex size-6 shrink-0 items-center justify-center rounded-full hover:bg-hover"
      >
        <X size={14} aria-hidden="true" />
      </button>
    </span>
  );
}
