import { beginRunFolder } from './run-folder';

export default beginRunFolder;
