import { Star } from "lucide-react";

import { s } from "@/strings";

interface RatingProps {
  value: number | null;
  onChange: (rating: number | null) => void;
}

/** One to five stars; the star that is set takes the rating away again. */
export function Rating({ value, onChange }: RatingProps) {
  return (
    <div role="group" aria-label={s.filters.rating} className="-ml-1 flex">
      {[1, 2, 3, 4, 5].map((stars) => {
        const on = value !== null && stars <= value;
        return (
          <button
            key={stars}
            type="button"
            aria-label={s.viewer.stars(stars)}
            aria-pressed={value === stars}
            title={value === stars ? s.viewer.noStars : s.viewer.stars(stars)}
            onClick={() => onChange(value === stars ? null : stars)}
            className={`rounded p-1 ${on ? "text-warn" : "text-ink-faint hover:text-ink"}`}
          >
            <Star size={20} aria-hidden="true" fill={on ? "currentColor" : "none"} />
          </button>
        );
      })}
    </div>
  );
}
