// The mapping form: name, address, service, test, on; the rest is folded. Errors stand at their fields.
import { zodResolver } from "@hookform/resolvers/zod";
import { Globe } from "lucide-react";
import { type KeyboardEvent, useId, useRef } from "react";
import { FormProvider, type Resolver, useForm, useFormContext, useWatch } from "react-hook-form";
import { asApiError } from "~/shared/api/error";
import type { Mapping } from "~/shared/api/types";
import { MOD_KEY } from "~/shared/lib/shortcuts";
import { Button } from "~/shared/ui/button";
import { Callout } from "~/shared/ui/callout";
import { DrawerBody, DrawerFoot } from "~/shared/ui/drawer";
import { Field, FieldGroup } from "~/shared/ui/field";
import { TextInput } from "~/shared/ui/input";
import { Kbd } from "~/shared/ui/kbd";
import { Segmented } from "~/shared/ui/segmented";
import { Switch } from "~/shared/ui/switch";
import { useSaveMapping } from "../api";
import { AdvancedFields } from "./advanced-fields";
import { DnsNote, TakenNote, useHolder } from "./domain-note";
import { inputOf, type MappingValues, mappingSchema, nameFrom, testOf, tidyDomain } from "./schema";
import { ServiceTestCard } from "./service-test";

interface MappingFormProps {
  /** The mapping that is edited; null for a new one. */
  id: string | null;
  initial: MappingValues;
  onSaved: (mapping: Mapping) => void;
  onCancel: () => void;
  onDirty: (dirty: boolean) => void;
  /** It comes from the configuration and can be changed there alone. */
  readOnly?: boolean;
}

const KNOWN_FIELDS = ["name", "externalDomain", "internalHost", "internalPort", "pinnedCertificate"] as const;

const checked = zodResolver(mappingSchema);

/**
 * Until the form is sent, a field that is still empty is no mistake: whoever leaves it wants to fill it later, and a message that
 * came up under the pointer would move what is clicked.
 */
const patient: Resolver<MappingValues> = async (values, context, options) => {
  const result = await checked(values, context, options);
  const wrong = Object.entries(result.errors).filter(([name]) => Reflect.get(values, name) !== "");
  return wrong.length > 0 ? { values: {}, errors: Object.fromEntries(wrong) } : { values, errors: {} };
};

export function MappingForm({ id, initial, onSaved, onCancel, onDirty, readOnly }: MappingFormProps) {
  const sent = useRef(false);
  const form = useForm<MappingValues>({
    resolver: (values, context, options) => (sent.current ? checked : patient)(values, context, options),
    defaultValues: initial,
    mode: "onTouched",
  });
  const save = useSaveMapping(id);
  const submit = form.handleSubmit((values) =>
    save.mutate(inputOf(values), {
      onSuccess: onSaved,
      onError: (error) => {
        const { fields } = asApiError(error);
        for (const name of KNOWN_FIELDS) {
          const message = fields[name]?.[0];
          if (message) form.setError(name, { message }, { shouldFocus: true });
        }
      },
    }),
  );
  const send = () => {
    sent.current = true;
    void submit();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
  };
  const problem = save.error ? asApiError(save.error) : null;
  const unplaced = problem && !KNOWN_FIELDS.some((name) => problem.fields[name]?.length);
  return (
    <FormProvider {...form}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onKeyDown={onKeyDown}
        onChange={() => onDirty(true)}
        noValidate
        className="flex min-h-0 flex-1 flex-col"
      >
        <DrawerBody>
          {readOnly && (
            <Callout tone="info" title="This mapping comes from the configuration.">
              Change it there and restart the Agent. Here it is shown only.
            </Callout>
          )}
          <MainFields id={id} />
          <AdvancedFields />
          <EnabledField />
          {unplaced && (
            <Callout tone="danger" title="Not saved" live>
              {problem.message}
            </Callout>
          )}
        </DrawerBody>
        <DrawerFoot>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={readOnly}>
            {id === null ? "Create mapping" : "Save changes"}
          </Button>
          <Button variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
          <span className="ml-auto flex items-center gap-2 text-xs text-subtle max-md:hidden">
            <Kbd keys={[MOD_KEY, "Enter"]} /> saves
          </span>
        </DrawerFoot>
      </form>
    </FormProvider>
  );
}

function MainFields({ id }: { id: string | null }) {
  const { register, control, setValue, formState, getValues, getFieldState } =
    useFormContext<MappingValues>();
  const values = useWatch({ control, compute: (all: MappingValues) => all });
  const { errors } = formState;
  const holder = useHolder(values.externalDomain, id);
  const change = { shouldDirty: true, shouldValidate: true };
  const domain = register("externalDomain", {
    onBlur: () => {
      const tidy = tidyDomain(getValues("externalDomain"));
      if (tidy !== getValues("externalDomain") && !/\s/.test(tidy)) setValue("externalDomain", tidy, change);
      if (id === null && !getFieldState("name").isDirty && !getValues("name"))
        setValue("name", nameFrom(tidy));
    },
  });
  const service =
    errors.internalHost?.message ?? (errors.internalPort && `Port: ${errors.internalPort.message}.`);
  return (
    <>
      <Field label="Name" error={errors.name?.message}>
        <TextInput autoFocus={id === null} placeholder="Status page" {...register("name")} />
      </Field>
      <Field
        label="Public address"
        error={holder ? <TakenNote holder={holder} /> : errors.externalDomain?.message}
        hint={<DnsNote domain={values.externalDomain} />}
      >
        <TextInput
          icon={Globe}
          before="https://"
          placeholder="status.example.com"
          inputMode="url"
          autoCapitalize="none"
          {...domain}
        />
      </Field>
      <FieldGroup
        label="Service in your network"
        hint="As this Agent reaches it. Private and loopback addresses are fine."
        error={service}
      >
        <div className="flex gap-2 max-md:flex-wrap">
          <Segmented
            label="Protocol"
            value={values.internalProtocol}
            choices={[
              { value: "Http", label: "HTTP" },
              { value: "Https", label: "HTTPS" },
            ]}
            onChange={(protocol) => setValue("internalProtocol", protocol, change)}
          />
          <TextInput
            aria-label="Host"
            invalid={!!errors.internalHost}
            boxClass="flex-1"
            className="mono"
            placeholder="10.0.4.15"
            autoCapitalize="none"
            {...register("internalHost")}
          />
          <TextInput
            aria-label="Port"
            invalid={!!errors.internalPort}
            boxClass="w-[84px] shrink-0"
            className="mono"
            placeholder="3001"
            inputMode="numeric"
            {...register("internalPort")}
          />
        </div>
      </FieldGroup>
      <ServiceTestCard
        input={testOf(values)}
        onProtocol={(protocol) => setValue("internalProtocol", protocol, change)}
        onTrust={(fingerprint) => setValue("pinnedCertificate", fingerprint, change)}
      />
    </>
  );
}

function EnabledField() {
  const { control, setValue } = useFormContext<MappingValues>();
  const enabled = useWatch({ control, name: "enabled" });
  const id = useId();
  return (
    <label htmlFor={id} className="flex items-start gap-3">
      <Switch
        id={id}
        checked={enabled}
        describedBy={`${id}-hint`}
        onChange={(on) => setValue("enabled", on, { shouldDirty: true })}
      />
      <span>
        <span className="block font-medium">On as soon as it is saved</span>
        <span id={`${id}-hint`} className="block text-xs text-subtle">
          Off keeps it, but visitors get 404.
        </span>
      </span>
    </label>
  );
}
