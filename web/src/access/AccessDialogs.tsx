import { useQueryClient } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";

import * as access from "./access";
import { Field } from "./LoginPage";
import type { Scope } from "./session";
import type { Role } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormDialog } from "@/components/FormDialog";
import { Segments } from "@/components/Segments";
import { toast, toastError } from "@/state/toasts";
import { s } from "@/strings";

const t = s.access;
const ROLES: readonly Role[] = ["viewer", "owner"];
const DAYS = [30, 90, 365, null] as const;
const MIN_PASSWORD = 10;

/** Somebody new; the first one is an owner, and has to log in at once. */
export function UserDialog({ first, onClose }: { first: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const { changed } = access.useAccessChange();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>(first ? "owner" : "viewer");
  const add = async () => {
    await access.addUser(name.trim(), password, role);
    onClose();
    if (first) await queries.invalidateQueries({ queryKey: ["session"] });
    else await changed();
    toast(t.added(name.trim()));
  };
  return (
    <FormDialog title={first ? t.first : t.addUser} action={t.add} onClose={onClose} onSubmit={add}>
      {first && <p className="mb-4 text-sm text-ink-soft">{t.firstHint}</p>}
      <Field label={t.login.name} value={name} onChange={setName} autoComplete="username" />
      <Field
        label={t.newPassword}
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        minLength={MIN_PASSWORD}
        secret
      />
      {!first && (
        <>
          <Segments
            label={t.role}
            options={ROLES.map((value) => ({ value, label: t.roles[value] }))}
            value={role}
            onChange={setRole}
          />
          <p className="mt-2 text-sm text-ink-soft">{t.roleHints[role]}</p>
        </>
      )}
    </FormDialog>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { changed } = access.useAccessChange();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = async () => {
    await access.changePassword(current, next);
    onClose();
    toast(t.passwordChanged);
    await changed();
  };
  return (
    <FormDialog title={t.changePassword} action={s.common.save} onClose={onClose} onSubmit={save}>
      <Field label={t.currentPassword} value={current} onChange={setCurrent} autoComplete="current-password" secret />
      <Field
        label={t.newPassword}
        value={next}
        onChange={setNext}
        autoComplete="new-password"
        minLength={MIN_PASSWORD}
        secret
      />
      <p className="text-sm text-ink-soft">{t.passwordHint}</p>
    </FormDialog>
  );
}

/** A key for a program, shown once. */
export function TokenDialog({ scopes, onClose }: { scopes: readonly Scope[]; onClose: () => void }) {
  const { changed } = access.useAccessChange();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly Scope[]>(["read"]);
  const [days, setDays] = useState<number | null>(90);
  const [key, setKey] = useState<string | null>(null);
  const make = async () => {
    const made = await access.addToken(name.trim(), [...chosen], days);
    setKey(made.key);
    await changed();
  };
  if (key !== null)
    return (
      <Dialog
        title={t.tokenMade}
        onClose={onClose}
        actions={
          <Button look="primary" onClick={onClose}>
            {s.common.close}
          </Button>
        }
      >
        <p className="mb-3 text-sm text-ink-soft">{t.tokenOnce}</p>
        <code className="block rounded-lg bg-surface p-3 text-sm break-all">{key}</code>
        <Button
          icon={Copy}
          className="mt-3"
          onClick={() => navigator.clipboard.writeText(key).then(() => toast(t.copied), toastError)}
        >
          {t.copy}
        </Button>
      </Dialog>
    );
  return (
    <FormDialog title={t.addToken} action={t.make} onClose={onClose} onSubmit={make}>
      <Field label={t.tokenName} value={name} onChange={setName} autoComplete="off" />
      <fieldset className="mb-4">
        <legend className="text-sm font-medium">{t.scopes}</legend>
        {scopes.map((scope) => (
          <label key={scope} className="flex items-center gap-3 py-1.5">
            <input
              type="checkbox"
              checked={chosen.includes(scope)}
              onChange={() =>
                setChosen(chosen.includes(scope) ? chosen.filter((one) => one !== scope) : [...chosen, scope])
              }
              className="size-4 accent-accent-strong"
            />
            {t.scopeHints[scope]}
          </label>
        ))}
      </fieldset>
      <label className="block text-sm font-medium">
        {t.expires}
        <select
          value={String(days)}
          onChange={(event) => setDays(event.target.value === "null" ? null : Number(event.target.value))}
          className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal"
        >
          {DAYS.map((each) => (
            <option key={String(each)} value={String(each)}>
              {each === null ? t.never : t.days(each)}
            </option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}
