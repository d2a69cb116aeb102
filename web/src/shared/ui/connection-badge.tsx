// The tunnel's state in a word, from the live status.
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../api/queries";
import { connectionWord } from "../lib/connection";
import { Badge } from "./badge";

export function ConnectionBadge() {
  const { data } = useQuery(statusQuery);
  if (!data) return null;
  const { word, tone } = connectionWord(data);
  return <Badge tone={tone}>{word}</Badge>;
}
