export {
  BGP_PORT,
  MASTER_INSTANCE,
  XMPP_PORT,
  controlNodeConfig,
  type ControlNodeConfig,
  type ControlNodeConfigInput,
} from './config.ts';
