import { Presets, SingleBar, type Params } from 'cli-progress';
import { plain } from './text.js';

/** Without a terminal a line is written as often as this. */
const QUIET_MS = 10_000;
/** Work that is done by then needs no bar. */
const SHORT_MS = 500;
/** Characters of the bar. */
const BAR = 20;

/** How far a long piece of work is, on standard error: a bar with the time left, or a line every ten seconds. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #started = performance.now();
  #shown = false;

  /** @param unit what is counted, for example `passages`; none where the work has several parts */
  constructor(unit = '') {
    this.#bar = new SingleBar(
      {
        stream: process.stderr,
        noTTYOutput: true,
        notTTYSchedule: QUIET_MS,
        clearOnComplete: true,
        hideCursor: true,
        etaBuffer: 50,
        format: (_options, params, payload: { what?: string }) => describe(params, payload.what ?? '', unit),
      },
      Presets.legacy,
    );
  }

  /** @param total of the work, where it is known */
  update(done: number, total: number | undefined, what = ''): void {
    const payload = { what: plain(what) };
    if (!this.#shown) {
      if (performance.now() - this.#started < (process.stderr.isTTY ? SHORT_MS : QUIET_MS)) return;
      this.#bar.start(total ?? 0, done, payload);
      this.#shown = true;
    }
    if (total !== undefined) this.#bar.setTotal(total);
    this.#bar.update(done, payload);
  }

  stop(): void {
    if (this.#shown) this.#bar.stop();
    this.#shown = false;
  }
}

function describe({ progress, eta, total, value }: Params, what: string, unit: string): string {
  const count = (number: number): string => Math.round(number).toLocaleString('en-US');
  const subject = what === '' ? '' : `${what}: `;
  const counted = unit === '' ? '' : ` ${unit}`;
  if (total <= 0) return `${subject}${count(value)}${counted}`;
  const full = Math.round(progress * BAR);
  const bar = process.stderr.isTTY ? `${'='.repeat(full)}${'-'.repeat(BAR - full)} ` : '';
  const left = Number.isFinite(eta) && eta > 0 ? `, ${duration(eta)} left` : '';
  return `${subject}${bar}${count(value)} of ${count(total)}${counted}${left}`;
}

/** `45 s`, `3 min 20 s`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
