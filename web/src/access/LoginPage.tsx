import { LogIn } from "lucide-react";
import { useState } from "react";

import { FrontForm, Refused } from "./FrontForm";
import { useLogin } from "./session";
import { Button } from "@/components/Button";
import { s } from "@/strings";

const t = s.access.login;

/** In place of every page until somebody has logged in; the address stays, and is what they see then. */
export function LoginPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const login = useLogin();
  const submit = () => {
    login.mutate({ name: name.trim(), password }, { onError: () => setPassword("") });
  };
  return (
    <FrontForm title={t.title} onSubmit={submit}>
      <Field label={t.name} value={name} onChange={setName} autoComplete="username" autoFocus />
      <Field label={t.password} value={password} onChange={setPassword} autoComplete="current-password" secret />
      <Refused error={login.error} />
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
    </FrontForm>
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
