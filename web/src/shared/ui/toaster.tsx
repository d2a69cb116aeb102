// Where toasts appear: bottom right, four at most, above the bottom bar of small screens.
import { Toaster as Sonner } from "sonner";

export function Toaster() {
  return <Sonner position="bottom-right" visibleToasts={4} expand gap={10} offset={20} mobileOffset={12} style={{ width: 420, maxWidth: "calc(100vw - 24px)" }} toastOptions={{ unstyled: true, className: "w-full" }} />;
}
