import {
  ERRORS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  TEXT_SETTINGS,
  flagOf,
  resolveSettings,
} from '@sagemaker-reranker/container';

/** Settings whose default depends on processors and memory. */
const OF_THE_MACHINE = new Set(['workers', 'threads', 'modelMemoryBytes']);

/** Tables of docs/api.md by the heading of their section, as Markdown: what the container answers and how it is set up. */
export function apiTables(): Record<string, string> {
  const errors = Object.entries(ERRORS).map(([code, { status, meaning }]) => [
    `\`${code}\``,
    String(status),
    meaning,
  ]);
  const texts = Object.entries(TEXT_SETTINGS).map(([name, { env, fallback, meaning }]) => {
    return [`\`${env}\``, `\`${flagOf(name as keyof typeof TEXT_SETTINGS)}\``, 'text', fallback, meaning];
  });
  const defaults = resolveSettings({}, {});
  const numbers = Object.entries(NUMBER_SETTINGS).map(([name, { env, least, most, meaning }]) => [
    `\`${env}\``,
    `\`${flagOf(name as NumberSettingName)}\``,
    `${least} to ${most}`,
    OF_THE_MACHINE.has(name) ? 'by the machine' : String(defaults[name as NumberSettingName]),
    meaning,
  ]);
  return {
    Errors: markdown(['code', 'status', 'meaning'], errors),
    Settings: markdown(['variable', 'flag', 'allowed', 'default', 'meaning'], [...texts, ...numbers]),
  };
}

function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}
