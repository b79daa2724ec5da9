import { HOME } from "../navigation.ts";
import { currentSession } from "../session.ts";

location.replace(await currentSession() ? HOME : "/login");
