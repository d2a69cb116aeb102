// Axis ranges by nice steps, so that gridlines stand at numbers people say.

export interface Scale {
  top: number;
  step: number;
}

const STEPS = [1, 2, 3, 5, 10];

/** The smallest scale of two or three nice steps that holds `max`. */
export function niceScale(max: number): Scale {
  if (!(max > 0)) return { top: 1, step: 0.5 };
  let best: Scale | null = null;
  const power = 10 ** Math.floor(Math.log10(max));
  for (const size of [power / 10, power]) {
    for (const base of STEPS) {
      const step = base * size;
      const steps = Math.ceil(max / step - 1e-9);
      if (steps < 2 || steps > 3) continue;
      const top = steps * step;
      if (!best || top < best.top || (top === best.top && step > best.step)) best = { top, step };
    }
  }
  return best ?? { top: max, step: max / 2 };
}

/** Gridlines from `-bottom` to `top` in steps. */
export function splits({ top, step }: Scale, bottom = 0): number[] {
  const lines = [];
  for (let value = -Math.ceil(bottom / step - 1e-9) * step; value <= top + step / 2; value += step)
    lines.push(Number(value.toPrecision(10)));
  return lines;
}
