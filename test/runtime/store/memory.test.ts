import { MemoryStore } from '../../../runtime/src/store/memory.js';
import { Payloads } from '../../../runtime/src/store/payloads.js';
import { conformance } from './conformance.js';
import { folder } from './folder.js';

conformance('MemoryStore', async () => new MemoryStore(await Payloads.open(await folder())));
