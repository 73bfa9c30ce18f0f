import Postgres

/// The statements that make the role which runs the functions of low roles: a login role without any right.
struct GuestRole {
    /// The limit of its sessions: enough for several sidecars.
    private static let connectionLimit = 64

    let name: String
    /// Whether it exists and only gets a new password.
    let exists: Bool
    /// The comment by which `install` recognizes it.
    let mark: String
    let owner: String
    /// The installing role.
    let administrator: String
    let schema: String
    let rights: SchemaRights

    /// Makes the role, and keeps its password in the interface.
    ///
    /// The server makes the password. Neither the password nor anything that it can be computed from is in a
    /// statement's text: the statement contains a SCRAM verifier. It has only one iteration, since a password of 244
    /// random bits can't be guessed however fast a guess is, and the sidecar logs in again for each call. Only the
    /// owner touches the owner's tables.
    var statements: String {
        let role = SQLText.identifier(self.name)
        return """
            do $guest$
            declare
                password constant text := pg_catalog.replace(
                    pg_catalog.concat(pg_catalog.gen_random_uuid(), pg_catalog.gen_random_uuid()), '-', '');
                salt constant bytea := pg_catalog.uuid_send(pg_catalog.gen_random_uuid());
                key bytea;
                message bytea;
                inside bytea;
                outside bytea;
                mac bytea;
                salted bytea;
                stored bytea;
                verifier text;
            begin
                perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
                for step in 1..3 loop
                    key := case step when 1 then convert_to(password, 'UTF8') else salted || decode(repeat('00',
                        32), 'hex') end;
                    message := case step when 1 then salt || decode('00000001', 'hex')
                        else convert_to(case step when 2 then 'Client Key' else 'Server Key' end, 'UTF8') end;
                    inside := key;
                    outside := key;
                    for n in 0..63 loop
                        inside := set_byte(inside, n, get_byte(key, n) # 54);
                        outside := set_byte(outside, n, get_byte(key, n) # 92);
                    end loop;
                    mac := sha256(outside || sha256(inside || message));
                    if step = 1 then salted := mac; elsif step = 2 then stored := sha256(mac); end if;
                end loop;
                verifier := format('%s$1:%s$%s:%s', 'SCRAM-SHA-256', encode(salt, 'base64'), encode(stored, 'base64'),
                    encode(mac, 'base64'));
                execute format('\(self.exists ? "alter" : "create") role %I login noinherit connection limit \
            \(Self.connectionLimit) password %L', \(SQLText.literal(self.name)), verifier);
                if not has_database_privilege(\(SQLText.literal(self.name)), current_database(), 'connect') then
                    execute format('grant connect on database %I to %I', current_database(),
                        \(SQLText.literal(self.name)));
                end if;
                perform set_config('wamp.guest_password', password, true), set_config('wamp.guest_verifier',
                    verifier, true);
            end $guest$;
            \(self.repair)comment on role \(role) is \(SQLText.literal(self.mark));
            set local role \(SQLText.identifier(self.owner));
            insert into \(SQLText.qualified(self.schema, "guest")) (role, password, verifier)
                select \(SQLText.literal(self.name)), pg_catalog.current_setting('wamp.guest_password'),
                    pg_catalog.current_setting('wamp.guest_verifier')
                on conflict (single) do update set role = excluded.role, password = excluded.password,
                    verifier = excluded.verifier;
            do $forget$ begin
                perform pg_catalog.set_config('wamp.guest_password', '', true),
                    pg_catalog.set_config('wamp.guest_verifier', '', true);
            end $forget$;
            \(self.rights.guest(self.name))
            set local role \(SQLText.identifier(self.administrator));
            """
    }

    /// Whoever runs as the role may change its settings: they are reset.
    private var repair: String {
        guard self.exists else { return "" }
        let role = SQLText.identifier(self.name)
        return """
            alter role \(role) reset all;
            do $settings$ begin
                execute pg_catalog.format('alter role \(role) in database %I reset all', pg_catalog.current_database());
            end $settings$;

            """
    }
}
