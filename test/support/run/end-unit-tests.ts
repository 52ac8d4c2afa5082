import { endRunFolder } from './run-folder';

export default endRunFolder;
