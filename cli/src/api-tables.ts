import { ERRORS, NUMBER_SETTINGS, type NumberSettingName, flagOf } from '@sagemaker-reranker/container';

/** Tables of docs/api.md by the heading of their section, as Markdown: what the container answers and how it is set up. */
export function apiTables(): Record<string, string> {
  const errors = Object.entries(ERRORS).map(([code, { status, meaning }]) => [
    `\`${code}\``,
    String(status),
    meaning,
  ]);
  const settings = Object.entries(NUMBER_SETTINGS).map(([name, { env, least, most, meaning }]) => [
    `\`${env}\``,
    `\`${flagOf(name as NumberSettingName)}\``,
    `${least} to ${most}`,
    meaning,
  ]);
  return {
    Errors: markdown(['code', 'status', 'meaning'], errors),
    Settings: markdown(['variable', 'flag', 'allowed', 'meaning'], settings),
  };
}

function markdown(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}
