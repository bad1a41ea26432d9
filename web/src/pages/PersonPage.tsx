import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function PersonPage({ id }: { id: number }) {
  return <PageHeader title={`${s.nav.people} ${id}`} />;
}
