import { PageHeader } from "@/app/PageHeader";
import { setTheme, useTheme, type Theme } from "@/state/theme";
import { s } from "@/strings";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

export default function SettingsPage() {
  const theme = useTheme();
  return (
    <>
      <PageHeader title={s.nav.settings} />
      <section className="mx-auto max-w-3xl p-6">
        <fieldset>
          <legend className="mb-2 font-semibold">{s.theme.label}</legend>
          <div className="inline-flex rounded-xl bg-surface p-1">
            {THEMES.map((choice) => (
              <label
                key={choice}
                className="cursor-pointer rounded-lg px-4 py-2 text-sm has-checked:bg-raised has-checked:font-medium has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="theme"
                  className="sr-only"
                  checked={theme === choice}
                  onChange={() => setTheme(choice)}
                />
                {s.theme[choice]}
              </label>
            ))}
          </div>
        </fieldset>
      </section>
    </>
  );
}
