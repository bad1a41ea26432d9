import { CloudOff } from "lucide-react";

import { Button } from "./Button";
import { EmptyState } from "./EmptyState";
import { ApiError, messageOf } from "@/api/errors";
import { s } from "@/strings";

/** In place of what could not be loaded. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <EmptyState
      icon={CloudOff}
      title={messageOf(error)}
      actions={
        retry && (
          <Button look="primary" onClick={retry}>
            {s.common.retry}
          </Button>
        )
      }
    >
      {error instanceof ApiError && error.hint && <p>{error.hint}</p>}
    </EmptyState>
  );
}
