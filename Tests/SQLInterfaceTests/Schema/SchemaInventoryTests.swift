import Testing

@testable import SQLInterface

@Suite struct SchemaInventoryTests {
    @Test func whatTheScriptsMake() {
        let inventory = SchemaInventory.interface
        #expect(
            inventory.tables.isSuperset(of: ["meta", "outbox", "dead_letter", "registration", "subscription", "leader"])
        )
        #expect(inventory.tables.isSuperset(of: ["guest", "register_prefix", "registrant"]))
        #expect(inventory.views == ["removal"])
        #expect(inventory.types.contains("result"))
        #expect(inventory.triggers.isSuperset(of: ["check_mapping", "check_removal", "a_request", "b_run"]))
        #expect(inventory.functions.isSuperset(of: ["publish", "ask", "port_configure", "mapping_rows"]))
        #expect(inventory.words.isSuperset(of: ["nextval", "pg_current_xact_id", "now", "gen_random_uuid"]))
        // These names occur only in comments and in bodies.
        #expect(inventory.triggers.contains("item_events") == false)
        #expect(!inventory.words.contains("set_config") && !inventory.words.contains("dblink_send_query"))
    }

    @Test func bodiesAndCommentsAreLeftOut() {
        let inventory = SchemaInventory(scripts: [
            """
            -- create table @schema@.commented (a int);
            create table @schema@.a (b int default now()); -- create table @schema@.behind
            create or replace function @schema@.f(x int) returns int language sql as $f$ select hidden($$x$$) $f$;
            do $x$
                create table @schema@.inner
            $x$; create constraint trigger t after insert on @schema@.a execute function @schema@.f();
            create type @schema@.y as enum ('k');
            create
            """
        ])
        #expect(inventory.tables == ["a"])
        #expect(inventory.functions == ["f"])
        #expect(inventory.triggers == ["t"])
        #expect(inventory.types == ["y"])
        #expect(inventory.words.contains("now") && !inventory.words.contains("hidden"))
    }
}
