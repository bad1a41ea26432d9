import { LogIn } from "lucide-react";
import { useState, type SyntheticEvent } from "react";

import { useLogin } from "./session";
import { messageOf } from "@/api/errors";
import { Logo } from "@/app/Logo";
import { Button } from "@/components/Button";
import { s } from "@/strings";

const t = s.access.login;

/** In place of every page until somebody has logged in; the address stays, and is what they see then. */
export function LoginPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const login = useLogin();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    login.mutate({ name: name.trim(), password }, { onError: () => setPassword("") });
  };
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-raised p-6 shadow-float">
        <div className="mb-6 flex items-center gap-3">
          <Logo className="size-10" />
          <h1 className="text-lg font-semibold">{t.title}</h1>
        </div>
        <Field label={t.name} value={name} onChange={setName} autoComplete="username" autoFocus />
        <Field label={t.password} value={password} onChange={setPassword} autoComplete="current-password" secret />
        {login.error && (
          <p role="alert" className="mb-4 rounded-lg bg-danger-soft p-3 text-sm text-danger">
            {messageOf(login.error)}
          </p>
        )}
        <Button
          look="primary"
          type="submit"
          icon={LogIn}
          className="h-11 w-full"
          disabled={login.isPending || name.trim() === "" || password === ""}
        >
          {t.action}
        </Button>
        <p className="mt-4 text-sm text-ink-faint">{t.forgotten}</p>
      </form>
    </main>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: string;
  secret?: boolean;
  autoFocus?: boolean;
  minLength?: number;
  maxLength?: number;
}

/** A line of text that a browser may fill in. */
export function Field({ label, value, onChange, secret = false, maxLength = 256, ...rest }: FieldProps) {
  return (
    <label className="mb-4 block text-sm font-medium">
      {label}
      <input
        {...rest}
        type={secret ? "password" : "text"}
        value={value}
        required
        maxLength={maxLength}
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
        className="mt-1 block h-11 w-full rounded-lg border border-line bg-canvas px-3 font-normal"
      />
    </label>
  );
}
