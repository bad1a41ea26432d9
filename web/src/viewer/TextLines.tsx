import { useQuery } from "@tanstack/react-query";
import type { PointerEvent } from "react";

import { answered, client } from "@/api/client";

/** The lines of text in a photo, over the picture and zoomed with it: to be selected and copied. Those with a word of the
 * search stand out. */
export function TextLines({ id, query }: { id: number; query: string }) {
  const { data } = useQuery({
    queryKey: ["text", id, query],
    queryFn: () =>
      answered(client.GET("/api/v1/images/{image_id}/text", { params: { path: { image_id: id }, query: { query } } })),
  });
  if (!data) return null;
  return (
    <svg viewBox={`0 0 ${data.width} ${data.height}`} className="absolute inset-0 size-full">
      {data.lines.map((line, place) => (
        <Line key={place} {...line} />
      ))}
    </svg>
  );
}

interface LineProps {
  text: string;
  corners: number[][];
  matched: boolean;
}

function Line({ text, corners, matched }: LineProps) {
  const [[left = 0, top = 0] = [], [right = 0, end = 0] = [], , [below = 0, bottom = 0] = []] = corners;
  const angle = (Math.atan2(end - top, right - left) * 180) / Math.PI;
  const width = Math.hypot(right - left, end - top);
  const height = Math.hypot(below - left, bottom - top);
  const frame = matched ? "fill-yellow-300/40 stroke-yellow-300" : "fill-white/10 stroke-white/70";
  return (
    <g transform={`translate(${left} ${top}) rotate(${angle})`}>
      <rect width={width} height={height} vectorEffect="non-scaling-stroke" className={frame} />
      <text
        y={height * 0.78}
        fontSize={height * 0.8}
        textLength={width}
        lengthAdjust="spacingAndGlyphs"
        className="cursor-text fill-transparent select-text selection:bg-sky-400/50"
        onPointerDown={keep}
        onDoubleClick={(event) => event.stopPropagation()}
      >
        {text}
      </text>
    </g>
  );
}

/** A drag over text selects it; it must not move the picture. */
function keep(event: PointerEvent) {
  event.stopPropagation();
}
