// The path strip, signature of the product: visitors, Gateway, tunnel, Agent, services. The broken piece breaks in the picture.
import { Boxes, Globe, type LucideIcon, Server } from "lucide-react";
import type { ReactNode } from "react";
import { Mark } from "./mark";

export type TunnelLook = "up" | "busy" | "cut";

interface Hop {
  title: string;
  note: ReactNode;
}

interface PathStripProps {
  visitors: Hop;
  gateway: Hop;
  tunnel: { look: TunnelLook; label: string };
  agent: Hop;
  services: Hop;
}

export function PathStrip({ visitors, gateway, tunnel, agent, services }: PathStripProps) {
  return (
    <div className="path-box">
      <div className="path">
        <HopView icon={Globe} hop={visitors} />
        <div className="wire">
          <span className="wire-label">HTTPS</span>
        </div>
        <HopView icon={Server} hop={gateway} tone={tunnel.look === "cut" ? "danger" : undefined} />
        <div className="wire" data-tunnel={tunnel.look}>
          <span className="wire-label">{tunnel.label}</span>
        </div>
        <HopView hop={agent} tone="brand" />
        <div className="wire" />
        <HopView icon={Boxes} hop={services} />
      </div>
    </div>
  );
}

function HopView({ icon: Icon, hop, tone }: { icon?: LucideIcon; hop: Hop; tone?: "brand" | "danger" }) {
  return (
    <div className="hop flex min-w-0 items-center gap-[11px]" data-tone={tone}>
      <span className="hop-icon">
        {Icon ? <Icon size={18} strokeWidth={1.75} aria-hidden /> : <Mark size={20} />}
      </span>
      <div className="min-w-0">
        <b className="block truncate">{hop.title}</b>
        <small className="nums block truncate text-xs text-subtle">{hop.note}</small>
      </div>
    </div>
  );
}
