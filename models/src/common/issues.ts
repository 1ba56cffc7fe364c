import * as v from 'valibot';

/** What a schema found wrong with a file, each fault with the path of its field: `tokenizer.pad must be at least 0`. */
export function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues
    .map((issue) => {
      const path = v.getDotPath(issue);
      if (path === null) return issue.message;
      if (!issue.message.startsWith('Invalid')) return `${path} ${issue.message}`;
      // An absent field is reported as an unexpected key of the object that lacks it.
      const why =
        issue.received === 'undefined'
          ? 'is missing'
          : `must be ${expected(issue.expected ?? '')}, not ${issue.received}`;
      return `${path} ${why}`;
    })
    .join('; ');
}

function expected(type: string): string {
  const name = type.toLowerCase();
  return /^[a-z]+$/.test(name) ? `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}` : type;
}
