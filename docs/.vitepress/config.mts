import { defineConfig } from 'vitepress';

const REPOSITORY = 'https://github.com/sagemaker-reranker/sagemaker-reranker';

/** `npm run docs`: the pages of this folder as a site, in the order in which they are needed. */
export default defineConfig({
  title: 'sagemaker-reranker',
  description: 'Run a reranker on AWS SageMaker, in your own account',
  srcExclude: ['node_modules/**'],
  // What stands outside this folder is shown by the repository.
  ignoreDeadLinks: [/^(\.\/)?(\.\.\/)+/],
  markdown: {
    config: (md) => {
      md.core.ruler.push('outside', (state) => {
        for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet('href');
          if (href?.startsWith('../'))
            token.attrSet('href', `${REPOSITORY}/blob/main/${href.replace(/^(\.\.\/)+/, '')}`);
        }
      });
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Getting started', link: '/getting-started' },
          { text: 'Models', link: '/models' },
          { text: 'Deploy', link: '/deploy' },
        ],
      },
      {
        text: 'Use',
        items: [
          { text: 'Call it', link: '/api' },
          { text: 'Search engines and frameworks', link: '/integrations' },
          { text: 'Evaluate', link: '/evaluation' },
          { text: 'Cost', link: '/cost' },
        ],
      },
      {
        text: 'Run and make',
        items: [
          { text: 'Operate', link: '/runbook' },
          { text: 'In your own CDK app', link: '/cdk' },
          { text: 'Distil a model', link: '/distillation' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Architecture', link: '/architecture' },
          { text: 'Benchmarks', link: '/benchmarks' },
          // Made by typedoc, outside of the generator's own pages.
          { text: 'TypeScript API', link: '/reference/index.html', target: '_self' },
        ],
      },
    ],
  },
});
