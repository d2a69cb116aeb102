// The form of the first mapping, on the dashboard: two fields, a test, one button.
import { Link } from "@tanstack/react-router";
import { Box, Globe } from "lucide-react";
import { type FormEvent, useState } from "react";
import { asApiError } from "~/shared/api/error";
import { Button } from "~/shared/ui/button";
import { Callout } from "~/shared/ui/callout";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Field } from "~/shared/ui/field";
import { TextInput } from "~/shared/ui/input";
import { useSaveMapping } from "../api";
import { DnsNote } from "./domain-note";
import { tellSaved } from "./saved";
import {
  domainProblem,
  EMPTY_VALUES,
  inputOf,
  type MappingValues,
  nameFrom,
  parseService,
  testOf,
  tidyDomain,
} from "./schema";
import { ServiceTestCard } from "./service-test";

const SERVICE_PROBLEM = "A host and a port, such as 10.0.4.12:3000.";

/** Whoever has just signed in can type at once; on a phone the keyboard would cover what is to be read first. */
function focusIfFree(input: HTMLInputElement | null): void {
  const free = document.activeElement === null || document.activeElement === document.body;
  if (free && globalThis.matchMedia?.("(hover: hover)").matches) input?.focus({ preventScroll: true });
}

export function FirstMapping() {
  const [domain, setDomain] = useState("");
  const [service, setService] = useState("");
  const [pinned, setPinned] = useState("");
  const [left, setLeft] = useState({ domain: false, service: false });
  const save = useSaveMapping(null);
  const parsed = parseService(service);
  const values: MappingValues = {
    ...EMPTY_VALUES,
    ...parsed,
    externalDomain: domain,
    name: nameFrom(domain),
    pinnedCertificate: pinned,
  };
  const problems = { domain: domainProblem(domain), service: parsed ? null : SERVICE_PROBLEM };
  const refused = save.error ? asApiError(save.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft({ domain: true, service: true });
    if (problems.domain || problems.service) return;
    save.mutate(inputOf(values), { onSuccess: (mapping) => tellSaved(mapping, true) });
  };
  const setProtocol = (protocol: "Http" | "Https") =>
    parsed && setService(`${protocol.toLowerCase()}://${parsed.internalHost}:${parsed.internalPort}`);
  return (
    <Card>
      <CardHead title="Your first mapping" />
      <CardBody>
        <form onSubmit={submit} noValidate className="grid gap-4">
          <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
            <Field
              label="Public address"
              error={refused?.fields.externalDomain?.[0] ?? (left.domain ? problems.domain : null)}
              hint={<DnsNote domain={domain} />}
            >
              <TextInput
                ref={focusIfFree}
                icon={Globe}
                before="https://"
                placeholder="app.example.com"
                inputMode="url"
                autoCapitalize="none"
                value={domain}
                onChange={(event) => setDomain(event.target.value)}
                onBlur={() => {
                  setDomain(tidyDomain(domain));
                  if (domain) setLeft((now) => ({ ...now, domain: true }));
                }}
              />
            </Field>
            <Field
              label="Service in your network"
              error={refused?.fields.internalHost?.[0] ?? (left.service ? problems.service : null)}
              hint="Host and port as this Agent reaches them. In Docker, use the name of the service."
            >
              <TextInput
                icon={Box}
                before={/^https?:\/\//i.test(service) ? undefined : "http://"}
                placeholder="10.0.4.12:3000"
                autoCapitalize="none"
                value={service}
                onChange={(event) => setService(event.target.value)}
                onBlur={() => service && setLeft((now) => ({ ...now, service: true }))}
              />
            </Field>
          </div>
          <ServiceTestCard input={parsed && testOf(values)} onProtocol={setProtocol} onTrust={setPinned} />
          {refused && Object.keys(refused.fields).length === 0 && (
            <Callout tone="danger" title="Not saved" live>
              {refused.message}
            </Callout>
          )}
          <div className="flex flex-wrap items-center gap-2">
            <Button type="submit" variant="primary" busy={save.isPending}>
              Create mapping
            </Button>
            <Link
              to="/mappings/new"
              search={{ domain: domain || undefined, service: service || undefined }}
              className="ml-auto"
            >
              More settings
            </Link>
          </div>
        </form>
      </CardBody>
    </Card>
  );
}
