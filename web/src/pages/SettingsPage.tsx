import { useQuery } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";

import { AccessSection } from "@/access/AccessSection";
import { AuditSection } from "@/access/AuditSection";
import { EncryptionSection } from "@/access/EncryptionSection";
import { useMay } from "@/access/session";
import { answered, client } from "@/api/client";
import type { RuntimeSettings } from "@/api/types";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { Segments } from "@/components/Segments";
import { SkeletonLines } from "@/components/Skeleton";
import { LearnSection } from "@/feedback/LearnSection";
import { ModelSection } from "@/settings/ModelSection";
import { useChangeSettings, useForgetRecent, useSettings } from "@/settings/settings";
import { setTheme, useTheme, type Theme } from "@/state/theme";
import { s } from "@/strings";
import { TextSection } from "@/texts/TextSection";

const t = s.settings;
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const HEMISPHERES = ["auto", "north", "south"] as const;

export default function SettingsPage() {
  const theme = useTheme();
  const admin = useMay("admin");
  const { data, error, refetch } = useSettings();
  const version = useQuery({ queryKey: ["version"], queryFn: () => answered(client.GET("/api/v1/version")) });
  return (
    <>
      <PageHeader title={s.nav.settings} />
      <div className="mx-auto max-w-3xl space-y-8 p-4 md:p-6">
        <Section title={t.appearance}>
          <Segments
            label={s.theme.label}
            options={THEMES.map((value) => ({ value, label: s.theme[value] }))}
            value={theme}
            onChange={setTheme}
          />
        </Section>
        <Section title={s.access.title}>
          <AccessSection />
        </Section>
        {admin && (
          <>
            <Section title={s.access.encryption.title}>
              <EncryptionSection />
            </Section>
            <Section title={t.model.title}>
              <ModelSection />
            </Section>
            <Section title={s.texts.title}>
              <TextSection />
            </Section>
            <Section title={s.feedback.title}>
              <LearnSection />
            </Section>
          </>
        )}
        {!admin ? null : data ? (
          <Changeable settings={data} />
        ) : error ? (
          <ErrorState error={error} retry={() => void refetch()} />
        ) : (
          <SkeletonLines />
        )}
        {admin && (
          <Section title={s.access.audit.title}>
            <AuditSection />
          </Section>
        )}
        {version.data && <p className="text-sm text-ink-faint">{t.version(version.data.version)}</p>}
      </div>
    </>
  );
}

function Changeable({ settings }: { settings: RuntimeSettings }) {
  const change = useChangeSettings();
  const forget = useForgetRecent();
  const { discovery, media, tags, search } = settings;
  return (
    <>
      <Section title={t.search.title}>
        <Line label={t.search.hemisphere} hint={t.search.hemisphereHint}>
          <Segments
            label={t.search.hemisphere}
            options={HEMISPHERES.map((value) => ({ value, label: t.search[value] }))}
            value={search.hemisphere}
            onChange={(hemisphere) => change({ search: { hemisphere } })}
          />
        </Line>
        <Line label={t.search.recent} hint={t.search.recentHint}>
          <Button disabled={forget.isPending} onClick={() => forget.mutate()}>
            {t.search.forget}
          </Button>
        </Line>
      </Section>
      <Section title={t.tags.title}>
        <Toggle label={t.tags.auto} checked={tags.auto} onChange={(auto) => change({ tags: { auto } })} />
        <Figure
          label={t.tags.most}
          value={tags.max_per_photo}
          onChange={(max_per_photo) => change({ tags: { max_per_photo } })}
        />
      </Section>
      <Section title={t.discovery.title}>
        <Toggle
          label={t.discovery.defaults}
          checked={discovery.default_excludes}
          onChange={(default_excludes) => change({ discovery: { default_excludes } })}
        />
        <Toggle
          label={t.discovery.hidden}
          checked={discovery.include_hidden}
          onChange={(include_hidden) => change({ discovery: { include_hidden } })}
        />
        <Toggle
          label={t.discovery.links}
          checked={discovery.follow_symlinks}
          onChange={(follow_symlinks) => change({ discovery: { follow_symlinks } })}
        />
        <Figure
          label={t.discovery.side}
          value={media.min_side}
          onChange={(min_side) => change({ media: { min_side } })}
        />
        <p className="text-sm text-ink-faint">{t.discovery.next}</p>
      </Section>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const heading = useId();
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading} className="mb-2 font-semibold">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Line({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line py-3">
      <div>
        <p>{label}</p>
        {hint && <p className="text-sm text-ink-soft">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

interface ToggleProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

function Toggle({ label, checked, onChange }: ToggleProps) {
  return (
    <label className="flex cursor-pointer items-center justify-between gap-4 border-b border-line py-3">
      {label}
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-5 shrink-0 accent-accent-strong"
      />
    </label>
  );
}

interface FigureProps {
  label: string;
  value: number;
  onChange: (value: number) => void;
}

/** A whole number, taken when it is left or Enter is pressed. */
function Figure({ label, value, onChange }: FigureProps) {
  return (
    <label className="flex items-center justify-between gap-4 border-b border-line py-3">
      {label}
      <input
        key={value}
        type="number"
        min={0}
        defaultValue={value}
        onBlur={(event) => {
          const wanted = event.target.valueAsNumber;
          if (Number.isInteger(wanted) && wanted >= 0 && wanted !== value) onChange(wanted);
          else event.target.value = String(value);
        }}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        className="h-10 w-24 shrink-0 rounded-lg border border-line bg-canvas px-3 text-right tabular-nums"
      />
    </label>
  );
}
