import { rulesOver } from './suite.js';

rulesOver(0, 2);
