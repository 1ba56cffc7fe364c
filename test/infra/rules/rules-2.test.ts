import { rulesOver } from './suite.js';

rulesOver(1, 2);
