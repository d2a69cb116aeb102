// Joins class names. No merging: a part that takes `className` puts it last and lets it add, not override.
import { type ClassValue, clsx } from "clsx";

export function cn(...values: ClassValue[]): string {
  return clsx(values);
}
