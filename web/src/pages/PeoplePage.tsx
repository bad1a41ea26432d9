import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function PeoplePage() {
  return <PageHeader title={s.nav.people} />;
}
