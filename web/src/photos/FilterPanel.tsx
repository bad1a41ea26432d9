import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { Star, X } from "lucide-react";

import { useMay } from "@/access/session";
import { facetsOf } from "@/api/facets";
import { Button, IconButton } from "@/components/Button";
import { bytes } from "@/strings/format";
import { s } from "@/strings";
import { ColorFilter } from "./ColorFilter";
import { DateFilter } from "./DateFilter";
import { FilterSection, Options } from "./FilterSection";
import { countFilters, filtersOf, noFilters, toggled, type SearchState } from "./searchState";
import { quoted } from "./completion";

interface Value {
  value: string | number;
  count: number;
  name?: string | null;
}

interface FilterPanelProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
  onClose: () => void;
}

/** Every filter, with how many photos each choice would leave. */
export function FilterPanel({ state, change, onClose }: FilterPanelProps) {
  const { facets, months } = useFacets(state);
  const may = useMay("write");
  const count = countFilters(state);
  const list = (
    name: "format" | "camera" | "folder" | "person" | "tag",
    values: readonly Value[] | undefined,
    label?: (value: Value) => string,
  ) => (
    <Options
      values={(values ?? []).map((value) => ({
        value: String(value.value),
        count: value.count,
        label: label?.(value) ?? String(value.value),
      }))}
      chosen={state[name]}
      onToggle={(value) => change({ [name]: toggled(state[name], value) })}
      what={s.filters[name]}
    />
  );
  return (
    <div className="flex h-full flex-col">
      <div className="flex items-center gap-2 py-2 pr-2 pl-4">
        <h2 className="font-semibold">{s.filters.title}</h2>
        <Button look="quiet" className="ml-auto" disabled={count === 0} onClick={() => change(noFilters())}>
          {s.filters.clear}
        </Button>
        <IconButton icon={X} label={s.filters.close} onClick={onClose} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-8">
        <FilterSection title={s.filters.date} active={state.after !== null || state.before !== null} open>
          <DateFilter after={state.after} before={state.before} months={months ?? []} change={change} />
        </FilterSection>
        <FilterSection title={s.filters.rating} active={state.rating !== null} open>
          <RatingFilter rating={state.rating} onChange={(rating) => change({ rating })} />
        </FilterSection>
        {facets && facets.people.length > 0 && (
          <FilterSection title={s.filters.people} active={state.person.length > 0} open>
            {list("person", facets.people, (person) => person.name ?? "")}
          </FilterSection>
        )}
        <FilterSection title={s.filters.tag} active={state.tag.length > 0} open>
          {list("tag", facets?.tags)}
        </FilterSection>
        <FilterSection title={s.filters.color} active={state.color !== null} open>
          <ColorFilter color={state.color} onChange={(color) => change({ color, ...(!color && { mostly: false }) })} />
          {state.color && (
            <Check label={s.filters.mostly} checked={state.mostly} onChange={() => change({ mostly: !state.mostly })} />
          )}
        </FilterSection>
        <FilterSection title={s.filters.places} active={state.position || state.place.length + state.region.length > 0}>
          {facets && facets.countries.length > 1 && (
            <PlaceList state={state} change={change} places={facets.countries} what={s.filters.country} />
          )}
          {facets && facets.regions.length > 1 && (
            <PlaceList state={state} change={change} places={facets.regions} what={s.filters.region} name="region" />
          )}
          {facets && facets.towns.length > 0 && (
            <PlaceList state={state} change={change} places={facets.towns} what={s.filters.town} />
          )}
          <Check
            label={s.filters.position}
            count={facets?.with_position}
            checked={state.position}
            onChange={(position) => change({ position })}
          />
          <PlaceField onSearch={(place) => change({ q: `${state.q} near:${quoted(place)}`.trim() })} />
        </FilterSection>
        {(state.text || (facets && facets.with_text > 0)) && (
          <FilterSection title={s.filters.text} active={state.text}>
            <Check
              label={s.filters.hasText}
              count={facets?.with_text}
              checked={state.text}
              onChange={(text) => change({ text })}
            />
          </FilterSection>
        )}
        {facets && facets.albums.length > 0 && (
          <FilterSection title={s.filters.album} active={state.album !== null}>
            <Options
              values={facets.albums.map((album) => ({
                value: String(album.value),
                count: album.count,
                label: album.name ?? "",
              }))}
              chosen={state.album === null ? [] : [String(state.album)]}
              onToggle={(value) => change({ album: String(state.album) === value ? null : Number(value) })}
              what={s.filters.album}
            />
          </FilterSection>
        )}
        <FilterSection title={s.filters.folder} active={state.folder.length > 0}>
          {list("folder", facets?.folders, (folder) => String(folder.value).split("/").slice(-2).join("/"))}
        </FilterSection>
        <FilterSection title={s.filters.camera} active={state.camera.length > 0}>
          {list("camera", facets?.cameras)}
        </FilterSection>
        <FilterSection title={s.filters.format} active={state.format.length > 0}>
          {list("format", facets?.formats, (format) => String(format.value).toUpperCase())}
        </FilterSection>
        <FilterSection title={s.filters.size} active={state.min_size !== null || state.max_size !== null}>
          <Options
            values={(facets?.sizes ?? []).map(({ min, max, count }) => ({
              value: `${min}-${max ?? ""}`,
              count,
              label: s.filters.sizes(min ? bytes(min) : null, max ? bytes(max) : null),
            }))}
            chosen={
              state.min_size === null && state.max_size === null
                ? []
                : [`${state.min_size ?? 0}-${state.max_size ?? ""}`]
            }
            onToggle={(value) => {
              const [min, max] = value.split("-");
              const same = value === `${state.min_size ?? 0}-${state.max_size ?? ""}`;
              change({
                min_size: same || !Number(min) ? null : Number(min),
                max_size: same || !max ? null : Number(max),
              });
            }}
            what={s.filters.size}
          />
        </FilterSection>
        {may && (
          <FilterSection title={s.filters.hidden} active={state.hidden}>
            <Check label={s.filters.showHidden} checked={state.hidden} onChange={(hidden) => change({ hidden })} />
          </FilterSection>
        )}
      </div>
    </div>
  );
}

/** Counts under the other filters; the histogram counts under all but the dates. */
function useFacets(state: SearchState) {
  const query = state.q || null;
  const filters = filtersOf(state);
  const undated = filtersOf({ ...state, after: null, before: null });
  const { data: facets } = useQuery({
    queryKey: ["facets", filters, query],
    queryFn: ({ signal }) => facetsOf(filters, query, signal),
    placeholderData: keepPreviousData,
  });
  const { data: months } = useQuery({
    queryKey: ["facets", undated, query],
    queryFn: ({ signal }) => facetsOf(undated, query, signal),
    placeholderData: keepPreviousData,
    select: (facets) => facets.months,
  });
  return { facets, months };
}

function RatingFilter({ rating, onChange }: { rating: number | null; onChange: (rating: number | null) => void }) {
  return (
    <div role="group" aria-label={s.filters.rating} className="-ml-1 flex">
      {[1, 2, 3, 4, 5].map((stars) => (
        <button
          key={stars}
          type="button"
          aria-pressed={rating === stars}
          aria-label={s.filters.atLeast(stars)}
          title={s.filters.atLeast(stars)}
          onClick={() => onChange(rating === stars ? null : stars)}
          className={`p-1 ${rating !== null && stars <= rating ? "text-warn" : "text-ink-faint hover:text-ink"}`}
        >
          <Star size={22} aria-hidden="true" fill={rating !== null && stars <= rating ? "currentColor" : "none"} />
        </button>
      ))}
    </div>
  );
}

interface CheckProps {
  label: string;
  count?: number | undefined;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

function Check({ label, count, checked, onChange }: CheckProps) {
  return (
    <label className="flex cursor-pointer items-center gap-2.5 rounded-md py-1 text-sm">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent-strong"
      />
      <span className="min-w-0 flex-1 truncate">{label}</span>
      {count !== undefined && <span className="text-xs text-ink-faint tabular-nums">{s.common.number(count)}</span>}
    </label>
  );
}

interface PlaceListProps {
  state: SearchState;
  change: (change: Partial<SearchState>) => void;
  places: readonly Value[];
  name?: "place" | "region";
  what: string;
}

/** Towns, regions or countries to tick. Photos of any of those ticked are shown. */
function PlaceList({ state, change, places, what, name = "place" }: PlaceListProps) {
  const values = places.map(({ value, count }) => ({ value: String(value), label: String(value), count }));
  return (
    <div role="group" aria-label={what} className="mb-2">
      <h3 className="mb-0.5 text-xs text-ink-faint">{what}</h3>
      <Options
        values={values}
        chosen={state[name].filter((place) => values.some(({ value }) => value === place))}
        onToggle={(place) => change({ [name]: toggled(state[name], place) })}
        what={what}
      />
    </div>
  );
}

/** A place by name is a part of the query: `near:Lisbon`. */
function PlaceField({ onSearch }: { onSearch: (place: string) => void }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const place = (new FormData(form).get("place") as string).trim();
        if (place) onSearch(place);
        form.reset();
      }}
    >
      <input
        name="place"
        aria-label={s.filters.near}
        placeholder={s.filters.near}
        autoComplete="off"
        className="mt-1 h-9 w-full rounded-lg border border-line bg-canvas px-3 text-sm"
      />
    </form>
  );
}
