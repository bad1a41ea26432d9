import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { answered, client } from "@/api/client";
import { Chip } from "@/components/Chip";
import { s } from "@/strings";
import { findExample } from "./example";
import { NOTHING, type SearchState } from "./searchState";

interface PictureChipProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
}

/** "Like this photo", with the photo. */
export function LikeChip({ id, state, change }: PictureChipProps & { id: number }) {
  const { data } = useQuery({
    queryKey: ["image", id],
    queryFn: () => answered(client.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } } })),
  });
  return (
    <PictureChip
      url={data?.thumbnail_url}
      label={s.search.like}
      onRemove={() => change({ like: null, weight: NOTHING.weight })}
      state={state}
      change={change}
    />
  );
}

/** An image from outside. */
export function ExampleChip({ name, state, change }: PictureChipProps & { name: string }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    let made: string | undefined;
    let gone = false;
    void findExample(name).then((image) => {
      if (!image || gone) return;
      made = URL.createObjectURL(image);
      setUrl(made);
    });
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [name]);
  return (
    <PictureChip
      url={url}
      label={s.search.example}
      onRemove={() => change({ example: null, weight: NOTHING.weight })}
      state={state}
      change={change}
    />
  );
}

interface Picture extends PictureChipProps {
  url: string | undefined;
  label: string;
  onRemove: () => void;
}

function PictureChip({ url, label, onRemove, state, change }: Picture) {
  return (
    <>
      <Chip label={label} tone="accent" onRemove={onRemove}>
        <span className="inline-flex items-center gap-2">
          {url && <img src={url} alt="" className="size-7 rounded object-cover" />}
          {label}
        </span>
      </Chip>
      {state.q !== "" && (
        <label className="inline-flex items-center gap-2 text-xs text-ink-soft">
          {s.search.words}
          <input
            key={state.weight}
            type="range"
            min={0}
            max={1}
            step={0.1}
            defaultValue={state.weight}
            aria-label={s.search.weight}
            className="w-24 accent-accent-strong"
            onPointerUp={(event) => change({ weight: Number(event.currentTarget.value) })}
            onKeyUp={(event) => change({ weight: Number(event.currentTarget.value) })}
          />
          {s.search.image}
        </label>
      )}
    </>
  );
}
