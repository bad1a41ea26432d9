import { Check, Pipette } from "lucide-react";

import { s } from "@/strings";

/** Colours that people name. */
const COLORS = [
  "#d62f2f",
  "#e8832a",
  "#e9c62f",
  "#3f9e44",
  "#2aa5a0",
  "#2f6fe0",
  "#6b4bd1",
  "#d557a8",
  "#8a5a3b",
  "#f4f4f4",
  "#8c8c8c",
  "#141414",
];

export function ColorFilter({ color, onChange }: { color: string | null; onChange: (color: string | null) => void }) {
  const own = color !== null && !COLORS.includes(color);
  return (
    <div className="flex flex-wrap gap-2" role="group" aria-label={s.filters.color}>
      {COLORS.map((choice, index) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === color}
          aria-label={s.filters.colors[index]}
          title={s.filters.colors[index]}
          onClick={() => onChange(choice === color ? null : choice)}
          className="flex size-8 items-center justify-center rounded-full border border-line aria-pressed:ring-2 aria-pressed:ring-accent aria-pressed:ring-offset-2 aria-pressed:ring-offset-canvas"
          style={{ backgroundColor: choice }}
        >
          {choice === color && <Check size={16} aria-hidden="true" className="text-white mix-blend-difference" />}
        </button>
      ))}
      <label
        className={`relative flex size-8 items-center justify-center rounded-full border border-line text-ink-faint ${own ? "ring-2 ring-accent ring-offset-2 ring-offset-canvas" : ""}`}
        style={own ? { backgroundColor: color } : {}}
        title={s.filters.ownColor}
      >
        <Pipette size={15} aria-hidden="true" />
        <input
          key={color}
          type="color"
          aria-label={s.filters.ownColor}
          defaultValue={color ?? "#2f6fe0"}
          onBlur={(event) => {
            if (event.target.value !== (color ?? "#2f6fe0")) onChange(event.target.value);
          }}
          className="absolute inset-0 size-full cursor-pointer opacity-0"
        />
      </label>
    </div>
  );
}
