/** Short names of the API's schemas. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ImageBrief = Schemas["ImageBrief"];
export type Edit = Schemas["Edit"];
export type Position = Schemas["Position"];
export type Found = Schemas["Found"];
export type SearchPage = Schemas["SearchPage"];
export type SearchBody = Schemas["SearchBody"];
/** Which photos, without an order. */
export type Asked = Pick<
  SearchBody,
  "query" | "like" | "liked" | "disliked" | "image_weight" | "min_score" | "filters"
>;
export type Filters = Schemas["Filters"];
export type Problem = Schemas["Problem"];
export type ImageDetail = Schemas["ImageDetail"];
export type Album = Schemas["Album"];
export type Facets = Schemas["Facets"];
export type Understood = Schemas["Understood"];
export type Suggestion = Schemas["Suggestion"];
export type Job = Schemas["Job"];
export type IndexStatus = Schemas["IndexStatus"];
export type IndexedFolder = Schemas["IndexedFolder"];
export type UnreadableFile = Schemas["UnreadableFile"];
export type Folder = Schemas["Folder"];
export type TimeBucket = Schemas["Bucket"];
export type MapCluster = Schemas["MapCluster"];
export type Model = Schemas["Model"];
export type RuntimeSettings = Schemas["RuntimeSettings"];
export type SettingsChange = Schemas["SettingsChange"];
export type AuditEntry = Schemas["AuditEntry"];
export type Who = Schemas["Who"];
export type Role = Schemas["User"]["role"];
export type Person = Schemas["Person"];
export type PersonDetail = Schemas["PersonDetail"];
export type PersonChange = Schemas["PersonChange"];
export type PersonEvent = Schemas["Event"];
export type Face = Schemas["Face"];
export type TagNode = Schemas["TagNode"];
export type ReviewQuestion = Schemas["ReviewQuestion"];
export type LearnStatus = Schemas["LearnStatus"];
export type Verdict = Schemas["Verdict"];
