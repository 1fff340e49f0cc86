/* drive.h - what the parts of the yardstick share: the connections, and when what happened
 *
 * drive_net.c: sockets, HTTP, WebSocket. drive_ocean.c: DigitalOcean. drive_xmpp.c: the XMPP server. drive.c: the rest.
 */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include <gsasl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CONNS_MAX 256
#define IN_MAX (256 * 1024)
#define IN_FLIGHT_MAX 256
#define SAMPLES_MAX 200000

#define ROOM "ops@rooms.bench.example"
#define BOT "sluice@bench.example"

enum kind { CONN_HTTP = 0, CONN_SLACK, CONN_XMPP };

struct conn {
	int fd;
	enum kind kind;
	char *in;
	size_t len;
	Gsasl_session *sasl;
	int opens; /* XMPP stream starts */
};

/* of the connections, in drive_net.c */
extern struct conn conns[CONNS_MAX];
extern size_t n_conns;
extern int listener;
extern int port;
extern bool slack;

/* of the program that is measured, in drive.c */
extern struct conn *chat; /* the live chat connection, once ready */
extern double started;
extern double up_at;
extern double ready_at;
extern double peer_s; /* of a login: spent here, in the server */
extern pid_t child;

/* of the commands, in drive.c */
extern double sent_at[IN_FLIGHT_MAX];
extern bool open_slot[IN_FLIGHT_MAX];
extern double last_sent;
extern bool want_request; /* the next DigitalOcean request answers the newest command */
extern double to_request[SAMPLES_MAX];
extern size_t n_request;
extern size_t n_do;

double now(void);
void die(const char *what);
void answered(size_t slot);

void reply(struct conn *c, int status, const char *type, const char *body, size_t len);
void reply_json(struct conn *c, int status, const char *body);
void ws_send_text(struct conn *c, const char *text);
void drop(struct conn *c);
void turn(int timeout_ms);

void load_page(const char *path);
void ocean(struct conn *c, const char *method, const char *path);

void xmpp_init(const char *password);
void on_xmpp(struct conn *c, char *xml);

#endif
