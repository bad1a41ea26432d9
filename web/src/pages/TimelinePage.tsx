import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function TimelinePage() {
  return <PageHeader title={s.nav.timeline} />;
}
