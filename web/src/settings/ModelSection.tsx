import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Hourglass } from "lucide-react";

import { answered, client } from "@/api/client";
import type { Model } from "@/api/types";
import { navigate, paths } from "@/app/navigation";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { SkeletonLines } from "@/components/Skeleton";
import { forgetResults } from "@/state/results";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";
import { bytes } from "@/strings/format";

const t = s.settings.model;

/** Which model searches, and what else there is. */
export function ModelSection() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["models"],
    queryFn: () => answered(client.GET("/api/v1/models")),
  });
  const use = useMutation({
    mutationFn: (name: string) => answered(client.POST("/api/v1/models/active", { body: { name } })),
    onSuccess: ({ at_once, active, next }) => {
      toast(at_once || next === null ? t.switched(active) : t.coming(next));
      forgetResults();
      return queries.invalidateQueries({ queryKey: ["models"] });
    },
    onError: toastError,
  });
  if (error && !data) return <ErrorState error={error} retry={() => void refetch()} />;
  if (!data) return <SkeletonLines />;
  const here = data.models.filter((model) => model.installed.length > 0);
  const others = data.models.filter((model) => model.installed.length === 0);
  return (
    <>
      <p className="mb-3 text-sm text-ink-soft">{t.hint}</p>
      <ul className="divide-y divide-line rounded-2xl border border-line">
        {here.map((model) => (
          <ModelRow key={model.name} model={model} busy={use.isPending} onUse={() => use.mutate(model.name)} />
        ))}
      </ul>
      <details className="mt-3 rounded-2xl border border-line px-4 py-2">
        <summary className="py-1 text-sm font-medium">{t.others}</summary>
        <p className="py-2 text-sm text-ink-soft">{t.pull}</p>
        <ul className="divide-y divide-line">
          {others.map((model) => (
            <li key={model.name} className="py-2">
              <p className="font-medium">{model.name}</p>
              <p className="text-sm text-ink-soft">{model.summary}</p>
              <p className="text-xs text-ink-faint">{factsOf(model)}</p>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function factsOf(model: Model): string {
  const licence = model.commercial === false ? `${model.licence} (${t.notCommercial})` : model.licence;
  return t.facts(model.dim, model.size_bytes === null ? null : bytes(model.size_bytes), licence);
}

function ModelRow({ model, busy, onUse }: { model: Model; busy: boolean; onUse: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-[60%] flex-1">
        <p className="font-medium">{model.name}</p>
        <p className="text-sm text-ink-soft">{model.summary}</p>
        <p className="text-xs text-ink-faint">{factsOf(model)}</p>
      </div>
      {model.active ? (
        <span className="flex items-center gap-1 text-sm font-medium text-good">
          <Check size={16} aria-hidden="true" />
          {t.active}
        </span>
      ) : model.next ? (
        <>
          <span className="flex items-center gap-1 text-sm font-medium text-warn">
            <Hourglass size={16} aria-hidden="true" />
            {t.next}
          </span>
          <p className="basis-full text-sm text-ink-soft">{t.coming(model.name)}</p>
          <Button onClick={() => navigate(paths.indexing)}>{t.scan}</Button>
        </>
      ) : (
        <Button disabled={busy} onClick={onUse} aria-label={`${t.use} ${model.name}`}>
          {t.use}
        </Button>
      )}
    </li>
  );
}
