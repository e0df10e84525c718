export {
  BGP_PORT,
  XMPP_PORT,
  controlNodeConfig,
  type ControlNodeConfig,
  type ControlNodeConfigInput,
} from './config.ts';
