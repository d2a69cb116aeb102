// The folded settings of a mapping: host header, protocol, timeouts, headers, certificates.
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import { Button } from "~/shared/ui/button";
import { Field } from "~/shared/ui/field";
import { Select, TextInput } from "~/shared/ui/input";
import { Switch } from "~/shared/ui/switch";
import { HeaderRules } from "./header-rules";
import { changedCount, type MappingValues } from "./schema";

const TIMEOUTS = [
  { name: "connectSeconds", label: "Connect within" },
  { name: "headSeconds", label: "Answer begins within" },
  { name: "bodyIdleSeconds", label: "Silence in a body at most" },
  { name: "upgradeIdleSeconds", label: "Silence of a WebSocket at most" },
] as const;

export function AdvancedFields() {
  const { register, control, formState } = useFormContext<MappingValues>();
  const values = useWatch({ control, compute: (all: MappingValues) => all });
  const changed = changedCount(values);
  const [open, setOpen] = useState(changed > 0);
  const { errors } = formState;
  return (
    <details
      className="group rounded-md border"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="flex min-h-[42px] items-center gap-2 px-3.5 py-2 font-medium">
        <ChevronRight
          size={16}
          strokeWidth={1.75}
          className="text-subtle transition-transform group-open:rotate-90"
          aria-hidden
        />
        Headers, protocol and timeouts
        <span className="nums ml-auto font-regular text-subtle">
          {changed ? `${changed} changed` : "defaults"}
        </span>
      </summary>
      <div className="grid gap-4 border-t border-faint px-3.5 py-4">
        <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
          <Field label="Host header">
            <Select {...register("hostMode")}>
              <option value="keep">As the visitor sent it</option>
              <option value="upstream">Host of the service</option>
              <option value="fixed">Always the same</option>
            </Select>
          </Field>
          <Field label="Protocol to the service">
            <Select {...register("upstreamVersion")}>
              <option value="auto">Best that both know</option>
              <option value="http1">HTTP/1.1</option>
              <option value="h2c">HTTP/2 without TLS (gRPC)</option>
            </Select>
          </Field>
          {values.hostMode === "fixed" && (
            <Field label="Host to send" error={errors.hostValue?.message} className="col-span-full">
              <TextInput className="mono" placeholder="internal.example.com" {...register("hostValue")} />
            </Field>
          )}
          {TIMEOUTS.map(({ name, label }) => (
            <Field key={name} label={label} error={errors[name]?.message}>
              <TextInput inputMode="numeric" placeholder="default" after="s" {...register(name)} />
            </Field>
          ))}
        </div>
        <HeaderRules direction="requestHeaders" control={control} />
        <HeaderRules direction="responseHeaders" control={control} />
        {values.internalProtocol === "Https" && <CertificateFields />}
      </div>
    </details>
  );
}

function CertificateFields() {
  const { control, setValue } = useFormContext<MappingValues>();
  const [pinned, anyCertificate] = useWatch({
    control,
    name: ["pinnedCertificate", "allowInvalidCertificates"],
  });
  const change = { shouldDirty: true };
  if (pinned) {
    return (
      <div className="grid gap-1.5">
        <p className="font-medium">Trusted certificate</p>
        <p className="mono text-xs break-all text-muted">SHA-256 {pinned}</p>
        <div>
          <Button size="sm" onClick={() => setValue("pinnedCertificate", "", change)}>
            Forget it
          </Button>
        </div>
      </div>
    );
  }
  return (
    <label htmlFor="any-certificate" className="flex items-start gap-3">
      <Switch
        id="any-certificate"
        checked={anyCertificate}
        onChange={(on) => setValue("allowInvalidCertificates", on, change)}
      />
      <span>
        <span className="block font-medium">Take the certificate it shows first</span>
        <span className="block text-xs text-subtle">
          Better: let the test show the certificate, compare it, and trust exactly that one.
        </span>
      </span>
    </label>
  );
}
