import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function MapPage() {
  return <PageHeader title={s.nav.map} />;
}
