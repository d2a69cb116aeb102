// The menu of one mapping.
import { Copy, ExternalLink, GitCompareArrows, List, Pencil, Trash2 } from "lucide-react";
import type { Mapping } from "~/shared/api/types";
import { Menu, MenuItem, MenuRule } from "~/shared/ui/menu";
import type { MappingActions } from "./use-mapping-actions";

interface MappingMenuProps {
  mapping: Mapping;
  actions: MappingActions;
  onDelete: (mapping: Mapping) => void;
}

export function MappingMenu({ mapping, actions, onDelete }: MappingMenuProps) {
  return (
    <Menu label={`More about ${mapping.name}`}>
      <MenuItem icon={Pencil} keys={["E"]} onSelect={() => actions.edit(mapping)}>
        {mapping.readOnly ? "Show" : "Edit"}
      </MenuItem>
      <MenuItem icon={Copy} keys={["D"]} onSelect={() => actions.duplicate(mapping)}>
        Duplicate
      </MenuItem>
      <MenuItem
        icon={ExternalLink}
        onSelect={() => window.open(`https://${mapping.externalDomain}`, "_blank", "noreferrer")}
      >
        Open the address
      </MenuItem>
      <MenuItem icon={GitCompareArrows} onSelect={() => actions.inspect(mapping)}>
        Inspect
      </MenuItem>
      <MenuItem icon={List} onSelect={() => actions.requests(mapping)}>
        Its requests
      </MenuItem>
      <MenuRule />
      <MenuItem
        icon={Trash2}
        danger
        keys={["Del"]}
        disabled={mapping.readOnly}
        onSelect={() => onDelete(mapping)}
      >
        Delete
      </MenuItem>
    </Menu>
  );
}
